//! Two pieces of work at once.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

/// Does two things and gives both results. The second is done by another thread, unless the system refuses one: then
/// it is done after the first.
pub(super) fn together<A, B: Send + Default>(
    here: impl FnOnce() -> A,
    there: impl FnOnce() -> B + Send,
) -> (A, B) {
    // A closure that was handed to a thread which did not come to be would be gone.
    let work = Mutex::new(Some(there));
    let do_it = || {
        let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.map(|there| there()).unwrap_or_default()
    };
    std::thread::scope(|scope| {
        let other = Builder::new().spawn_scoped(scope, do_it);
        let mine = here();
        let theirs = match other {
            Ok(other) => other.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => do_it(),
        };
        (mine, theirs)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done() {
        let there = vec![3, 4];
        assert_eq!(together(|| 1, move || there), (1, vec![3, 4]));
    }
}
