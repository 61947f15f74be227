//! What a client is told.

use super::Code;
use gatehouse_filter::Problem;
use gatehouse_filter::rules::AmbiguousTarget;

/// Why a request is not let through: one variant a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// The path or the host can be read as another one than the rules read.
    TargetAmbiguous,
    /// The request names no tenant.
    TenantMissing,
    /// The request names more than one tenant.
    TenantRepeated,
}

impl Refusal {
    /// The code that clients, logs and metrics see.
    pub(crate) fn code(self) -> Code {
        self.row().0
    }

    /// The answer.
    pub(crate) fn reply(self) -> Problem {
        let (_, status, detail) = self.row();
        Problem::new(status, detail)
    }

    /// The table: code, status, and what to mend.
    fn row(self) -> (Code, u16, &'static str) {
        match self {
            Self::TargetAmbiguous => (Code::TargetAmbiguous, 400, AmbiguousTarget::DETAIL),
            Self::TenantMissing => (Code::TenantMissing, 400, "Send the header x-tenant"),
            Self::TenantRepeated => (Code::TenantRepeated, 400, "Send the header x-tenant once"),
        }
    }
}
