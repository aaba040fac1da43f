//! Judging: one file for each check, and the engine that binds rules and draws the conclusion.
