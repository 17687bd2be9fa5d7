"""What the choice of the network rests on: backbones, input sizes, depths of training and poolings, measured alike."""
