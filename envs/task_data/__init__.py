"""What is done to tasks before training: choosing, cleaning, checking and writing them for trainers."""
