"""What operators and companies see of hosting: this installation's identity, its companies at a glance, usage."""
