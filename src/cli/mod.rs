//! The command line: the only room with disk, clock, environment, terminal and threads.
