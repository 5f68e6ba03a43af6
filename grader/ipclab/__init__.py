"""ipclab: intake, sandboxes, plan, results, reports and the command line (see README.md in this folder)."""
