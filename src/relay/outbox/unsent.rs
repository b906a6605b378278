//! What a lost connection had not taken: kept for the browser's return (D-25).

use bytes::Bytes;

use super::Outbox;
use super::piece::{Piece, Run};

/// Messages that were queued and not written whole, oldest first.
#[derive(Default)]
pub struct Unsent {
    /// Their payloads.
    pub messages: Vec<Bytes>,
    /// A further message, the oldest, was written in part and cannot be had back.
    pub broken: bool,
}

impl Unsent {
    fn add(&mut self, run: &Run) {
        self.broken |= !run.at_boundary();
        self.messages.extend(run.unsent().map(Bytes::copy_from_slice));
    }
}

impl Outbox {
    /// Looks at what is queued; changes nothing. Control frames are left out.
    #[must_use]
    pub fn unsent(&self) -> Unsent {
        let mut unsent = Unsent::default();
        for piece in &self.pieces {
            match piece {
                Piece::Run(run) => unsent.add(run),
                Piece::Shared(shared) => unsent.messages.push(shared.whole()),
            }
        }
        unsent.add(&self.tail);
        unsent
    }

    /// How many messages of those that [`Outbox::unsent`] would give count, without a copy of them.
    #[must_use]
    pub fn unsent_messages(&self, counts: impl Fn(&[u8]) -> bool) -> usize {
        let of_run = |run: &Run| run.unsent().filter(|message| counts(message)).count();
        let of_piece = |piece: &Piece| match piece {
            Piece::Run(run) => of_run(run),
            Piece::Shared(shared) => usize::from(counts(&shared.whole())),
        };
        self.pieces.iter().map(of_piece).sum::<usize>() + of_run(&self.tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::outbox::{SHARE, Spare};

    /// Takes so many bytes and then no more.
    struct Narrow(usize);

    impl std::io::Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 { Err(std::io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn after(written: usize) -> Outbox {
        let mut outbox = Outbox::new();
        outbox.push_copy(b"one");
        outbox.push_copy(b"two");
        outbox.push_shared(Bytes::from(vec![7; SHARE]));
        outbox.push_copy(b"three");
        outbox.write_to(&mut Narrow(written), &mut Spare::default()).expect("takes it");
        outbox
    }

    #[test]
    fn whole_messages_come_back_and_a_torn_small_one_is_told() {
        let all: [&[u8]; 4] = [b"one", b"two", &[7; SHARE], b"three"];
        assert_eq!(after(0).unsent_messages(|message| message.starts_with(b"t")), 2);
        for (written, from, broken) in [(0, 0, false), (5, 1, false), (7, 2, true), (10, 2, false), (500, 2, false)] {
            let outbox = after(written);
            let unsent = outbox.unsent();
            assert_eq!(unsent.messages, all[from..], "{written} bytes written");
            assert_eq!(unsent.broken, broken, "{written} bytes written");
            assert_eq!(outbox.unsent_messages(|_| true), unsent.messages.len(), "{written} bytes written");
        }
        assert_eq!(after(usize::MAX).unsent_messages(|_| true), 0);
    }
}
