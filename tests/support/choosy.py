"""A model that cannot answer everything."""

import toys


class Choosy(toys.ToyModel):
    """Answers no mask prompts, and no single masks."""

    name = "choosy"

    def __init__(self, log=None):
        super().__init__(log=log)

    def refuses(self, question):
        if question.mask:
            return "it takes no mask prompts"
        return None if question.multimask else "it has no single mask"
