//! How far reading has come, on a terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time between two lines.
const EVERY: Duration = Duration::from_millis(200);

/// The line that tells how far reading has come. Nothing is written unless standard error is a terminal.
pub(crate) struct Progress {
    shown: bool,
    total: AtomicU64,
    done: AtomicU64,
    clock: Mutex<(Instant, Instant)>,
}

impl Progress {
    pub(crate) fn new() -> Progress {
        let now = Instant::now();
        Progress {
            shown: io::stderr().is_terminal(),
            total: AtomicU64::new(0),
            done: AtomicU64::new(0),
            clock: Mutex::new((now, now)),
        }
    }

    /// Begins: so many stored bytes are to be read; 0 if it is not known.
    pub(super) fn start(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        if let Ok(mut clock) = self.clock.lock() {
            *clock = (Instant::now(), Instant::now());
        }
    }

    /// Adds what was read of a log: `now` stored bytes, of which `before` were told.
    pub(super) fn add(&self, before: &mut u64, now: u64) {
        if !self.shown {
            return;
        }
        let done = self.done.fetch_add(now.saturating_sub(*before), Ordering::Relaxed) + now - *before;
        *before = now;
        let Ok(mut clock) = self.clock.try_lock() else { return };
        let (start, last) = *clock;
        if last.elapsed() >= EVERY {
            clock.1 = Instant::now();
            let line = line(done, self.total.load(Ordering::Relaxed), start.elapsed());
            let _ = write!(io::stderr().lock(), "\r\x1b[K{line}");
        }
    }

    /// Takes the line away.
    pub(super) fn end(&self) {
        if self.shown {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// `reading 43 %, 1.2 of 2.8 GB, 1.9 GB/s, 1 s left`.
fn line(done: u64, total: u64, elapsed: Duration) -> String {
    let gb = |n: u64| format!("{}.{:02}", n / 1_000_000_000, n % 1_000_000_000 / 10_000_000);
    let micros = elapsed.as_micros().max(1);
    let rate = u64::try_from(u128::from(done) * 1_000_000 / micros).unwrap_or(u64::MAX);
    if total == 0 {
        return format!("reading, {} GB, {} GB/s", gb(done), gb(rate));
    }
    let percent = (u128::from(done) * 100 / u128::from(total)).min(100);
    let left = total.saturating_sub(done).checked_div(rate.max(1)).unwrap_or(0);
    format!("reading {percent} %, {} of {} GB, {} GB/s, {left} s left", gb(done), gb(total), gb(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_much_how_fast_and_how_long() {
        let second = Duration::from_secs(1);
        assert_eq!(
            line(1_500_000_000, 4_500_000_000, second),
            "reading 33 %, 1.50 of 4.50 GB, 1.50 GB/s, 2 s left"
        );
        assert_eq!(line(20_000_000, 0, second), "reading, 0.02 GB, 0.02 GB/s");
    }
}
