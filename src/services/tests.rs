//! What the list says of real hosts and paths, and that the data is whole.

use super::*;

fn list() -> &'static Services {
    Services::embedded().expect("the embedded list reads without a problem")
}

#[test]
fn the_embedded_list_reads_without_a_problem() {
    assert_eq!(list().as_of, "2026-11-23");
    assert_eq!(list().sha256.len(), 64);
}
