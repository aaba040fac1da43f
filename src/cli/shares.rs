//! Work shared among threads in runs: whoever is through with a run helps with the others from behind.
//!
//! A log is nearly in order of time. Tables of neighbouring stretches in turn would each hold every hour of it;
//! tables of a run each hold only some.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// What is left to do, by run.
pub(super) struct Shares<T>(Vec<Mutex<VecDeque<T>>>);

impl<T: Copy> Shares<T> {
    /// The work in so many runs.
    pub(super) fn of(work: &[T], runs: usize) -> Shares<T> {
        let run = work.len().div_ceil(runs.max(1)).max(1);
        Shares(work.chunks(run).map(|c| Mutex::new(c.iter().copied().collect())).collect())
    }

    /// How many runs there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The next piece of work for whoever goes through a run, and the run it is from: that one, or the one of
    /// which most is left, from behind.
    pub(super) fn take(&self, run: usize) -> Option<(usize, T)> {
        let pop = |run: &Mutex<VecDeque<T>>| run.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        self.0.get(run).and_then(pop).map(|work| (run, work)).or_else(|| {
            loop {
                let left =
                    |queue: &Mutex<VecDeque<T>>| queue.lock().unwrap_or_else(PoisonError::into_inner).len();
                let runs = self.0.iter().enumerate();
                let (run, most) = runs.max_by_key(|(_, q)| left(q)).filter(|(_, q)| left(q) > 0)?;
                // Somebody else may have taken it in between: then it is asked again who has most.
                if let Some(work) = most.lock().unwrap_or_else(PoisonError::into_inner).pop_back() {
                    return Some((run, work));
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
        let mut done: Vec<(usize, u32)> = std::iter::from_fn(|| shares.take(1)).collect();
        assert_eq!(done[..4], [(1, 4), (1, 5), (1, 6), (1, 7)]);
        done.sort_unstable();
        assert_eq!(done, work.iter().map(|n| (*n as usize / 4, *n)).collect::<Vec<_>>());
        assert_eq!(
            (shares.take(0), shares.take(9), Shares::of(&[] as &[u32], 2).take(0)),
            (None, None, None)
        );
    }
}
