//! Integration tests, one binary: each module is one subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and touch the disk"
)]

mod artefacts;
mod canary;
mod cli;
mod criteria;
mod declared;
mod deployments;
mod docs;
mod examples;
mod hostile;
mod image_programs;
mod layers;
mod merge;
mod outcomes;
mod pipelines;
mod policies;
mod producers;
mod program;
mod report;
mod seal;
mod services;
mod shelves;
mod traffic;
mod truth;
mod web;
