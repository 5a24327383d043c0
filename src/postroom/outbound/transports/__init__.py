"""The ways to hand a mail over: every file is one."""
