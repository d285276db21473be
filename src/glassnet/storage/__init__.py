"""Model files and exports: safetensors with a JSON description, ONNX, PyTorch script and JSON."""
