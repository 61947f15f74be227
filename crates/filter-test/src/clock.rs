use gatehouse_filter::Timestamp;
use std::cell::Cell;
use std::time::Duration;

/// A clock that moves only when told to.
#[derive(Default)]
pub struct FakeClock(Cell<u64>);

impl FakeClock {
    /// The time that it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.get())
    }

    /// Shows this many seconds after 1970.
    pub fn set_seconds(&self, seconds: u64) {
        self.0.set(Timestamp::from_seconds(seconds).0);
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.0.set(self.0.get().saturating_add(by));
    }

    /// Steps back, as a corrected wall clock does.
    pub fn step_back(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.0.set(self.0.get().saturating_sub(by));
    }
}
