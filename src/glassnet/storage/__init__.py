"""Model files (safetensors with a JSON description) and exports: ONNX, a PyTorch script, JSON."""
