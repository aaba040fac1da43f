//! Integration tests, one binary.

mod examples;
mod layers;
mod merge;
mod pipelines;
mod producers;
mod shelves;
mod traffic;
