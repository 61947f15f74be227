use std::cell::Cell;

/// The calls that a worker has made in this second. One about a token that is active is given back:
/// an issuer made that token, no stranger.
#[derive(Default)]
pub(super) struct Spent {
    second: Cell<u64>,
    calls: Cell<u64>,
}

impl Spent {
    /// Whether one more call may be made, of `most` in a second; then it is counted.
    pub(super) fn may_ask(&self, most: u64, second: u64) -> bool {
        // Also where the clock is set back.
        if self.second.replace(second) != second {
            self.calls.set(0);
        }
        let calls = self.calls.get();
        if calls < most {
            self.calls.set(calls.saturating_add(1));
        }
        calls < most
    }

    /// A call of that second was about a good token.
    pub(super) fn give_back(&self, second: u64) {
        if self.second.get() == second {
            self.calls.set(self.calls.get().saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Spent;

    #[test]
    fn a_second_has_so_many_calls_beside_those_about_good_tokens() {
        let spent = Spent::default();
        assert!(spent.may_ask(2, 7) && spent.may_ask(2, 7));
        assert!(!spent.may_ask(2, 7));
        spent.give_back(7);
        assert!(spent.may_ask(2, 7) && !spent.may_ask(2, 7), "one was good");
        assert!(spent.may_ask(2, 8), "another second");
        spent.give_back(7);
        assert!(spent.may_ask(2, 8) && !spent.may_ask(2, 8), "of another second");
        assert!(spent.may_ask(2, 7), "a clock that was set back");
        spent.give_back(7);
        spent.give_back(7);
        assert!(spent.may_ask(2, 7) && spent.may_ask(2, 7) && !spent.may_ask(2, 7));
    }
}
