//! Integration tests, one binary.

mod traffic;
