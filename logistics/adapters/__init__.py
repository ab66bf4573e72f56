"""What stands behind the ports: one module for each of them."""
