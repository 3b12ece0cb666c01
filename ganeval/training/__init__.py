"""Training: trainers by name, and how they are judged while they train."""
