//! Work shared among threads: each goes through a run of its own and then helps the others from behind.
//!
//! A log is nearly in order of time. Threads that read neighbouring stretches in turn would each hold
//! every hour of it; threads that read a run each hold only some.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// What is left to do, by thread.
pub(super) struct Shares<T>(Vec<Mutex<VecDeque<T>>>);

impl<T: Copy> Shares<T> {
    /// The work in as many runs as there are threads.
    pub(super) fn of(work: &[T], threads: usize) -> Shares<T> {
        let run = work.len().div_ceil(threads.max(1)).max(1);
        Shares(work.chunks(run).map(|c| Mutex::new(c.iter().copied().collect())).collect())
    }

    /// How many threads have work of their own.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The next piece of work for a thread: its own first, then the last of whoever has most left.
    pub(super) fn take(&self, thread: usize) -> Option<T> {
        let own = self.0.get(thread)?.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        own.or_else(|| {
            loop {
                let left =
                    |queue: &Mutex<VecDeque<T>>| queue.lock().unwrap_or_else(PoisonError::into_inner).len();
                let most = self.0.iter().max_by_key(|q| left(q)).filter(|q| left(q) > 0)?;
                // Somebody else may have taken it in between: then it is asked again who has most.
                if let Some(work) = most.lock().unwrap_or_else(PoisonError::into_inner).pop_back() {
                    return Some(work);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_by_whoever_comes() {
        let work: Vec<u32> = (0..11).collect();
        let shares = Shares::of(&work, 3);
        let mut done: Vec<u32> = std::iter::from_fn(|| shares.take(1)).collect();
        assert_eq!(done[..4], [4, 5, 6, 7]);
        done.sort_unstable();
        assert_eq!(done, work);
        assert_eq!(
            (shares.take(0), shares.take(9), Shares::of(&[] as &[u32], 2).take(0)),
            (None, None, None)
        );
    }
}
