"""What training costs on this machine, measured."""
