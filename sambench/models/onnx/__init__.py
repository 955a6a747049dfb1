"""Exported models: ONNX files of every contract that exporters of SAM's family follow, alone or beside torch halves."""
