//! Integration tests, one binary.

mod pipelines;
mod traffic;
