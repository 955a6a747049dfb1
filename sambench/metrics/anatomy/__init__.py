"""Why a mask is wrong: its loss of IoU in parts, an object's shape, and the kinds of wrong detections and edges."""
