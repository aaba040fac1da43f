//! Reading ahead: a thread of its own reads, decompresses and hashes a log while another takes in what it says.

use crate::bytes::{Decoded, Digests, Feed, Intake, Stock, Unwrapped};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

/// Bytes of a block.
const BLOCK: usize = 256 << 10;
/// Blocks that may wait.
const WAITING: usize = 8;

struct Block {
    bytes: Vec<u8>,
    /// Stored bytes read up to its end.
    stored: u64,
}

/// Decoded bytes that another thread made.
pub(super) struct Ahead<'scope> {
    full: Receiver<Result<Block, String>>,
    empty: Sender<Vec<u8>>,
    now: Block,
    taken: usize,
    worker: ScopedJoinHandle<'scope, Stock>,
}

impl<'scope> Ahead<'scope> {
    /// Starts to decode.
    pub(super) fn of<'env>(
        log: Unwrapped<'env>,
        intake: Intake,
        scope: &'scope Scope<'scope, 'env>,
    ) -> Ahead<'scope>
    where
        'env: 'scope,
    {
        let (to_reader, full) = sync_channel(WAITING);
        let (empty, from_reader) = channel();
        let log = Decoded::fed(Box::new(log), intake);
        let worker = scope.spawn(move || decode(log, &to_reader, &from_reader));
        Ahead { full, empty, now: Block { bytes: Vec::new(), stored: 0 }, taken: 0, worker }
    }
}

fn decode(
    mut log: Decoded<'_>,
    full: &SyncSender<Result<Block, String>>,
    empty: &Receiver<Vec<u8>>,
) -> Stock {
    loop {
        let mut bytes = empty.try_recv().unwrap_or_default();
        bytes.resize(BLOCK, 0);
        let mut have = 0;
        let mut outcome = Ok(());
        while let Some(room) = bytes.get_mut(have..).filter(|r| !r.is_empty()) {
            match log.read(room) {
                Ok(0) => break,
                Ok(got) => have += got,
                Err(why) => {
                    outcome = Err(why);
                    break;
                }
            }
        }
        bytes.truncate(have);
        let stored = log.stored_bytes();
        // Nobody waits any more once the reader has stopped: what is left is read for its digest alone.
        let gone = have > 0 && full.send(Ok(Block { bytes, stored })).is_err();
        if let Err(why) = outcome {
            let _ = full.send(Err(why));
            break;
        }
        if have == 0 || gone {
            break;
        }
    }
    let (Digests { stored_bytes: bytes, content, sha256, .. }, _) = log.finish();
    Stock { bytes, sha256, content }
}

impl Feed for Ahead<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, String> {
        if self.taken == self.now.bytes.len() {
            match self.full.recv() {
                Ok(next) => {
                    let spent = std::mem::replace(&mut self.now, next?);
                    self.taken = 0;
                    let _ = self.empty.send(spent.bytes);
                }
                Err(_) => return Ok(0),
            }
        }
        let ahead = self.now.bytes.get(self.taken..).unwrap_or_default();
        let got = ahead.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..got), ahead.get(..got)) {
            to.copy_from_slice(from);
        }
        self.taken += got;
        Ok(got)
    }

    fn hashes(&self) -> bool {
        true
    }

    fn stored_bytes(&self) -> u64 {
        self.now.stored
    }

    fn finish(self: Box<Self>) -> Stock {
        let Ahead { full, worker, .. } = *self;
        drop(full);
        worker.join().unwrap_or_default()
    }
}
