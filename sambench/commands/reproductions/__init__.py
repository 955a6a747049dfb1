"""Published numbers that can be made again: the catalogue, what each needs, its verdict, its page."""
