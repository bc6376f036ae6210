"""What the running system does with citizens' messages while its processes are killed."""
