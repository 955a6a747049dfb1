"""Average precision and recall by the rules of COCO and LVIS."""
