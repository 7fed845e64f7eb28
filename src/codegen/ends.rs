//! Where the code of a check goes on, by how it ended.

use super::unit::{Label, UnitBuilder};
use kyvc_vm::ids::Reg;
use kyvc_vm::op::Op;

/// The ways out of a check. All but a pass and nothing leave the account of it in one register.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    /// The account
    pub(super) fault: Reg,
    /// Where a pass goes on; none where it ends the unit
    pub(super) pass: Option<Label>,
    pub(super) skip: Label,
    pub(super) fail: Label,
    pub(super) error: Label,
    /// There is nothing to say
    pub(super) nothing: Label,
}

impl Ends {
    /// Every way out ends the unit.
    pub(super) fn of_unit(u: &mut UnitBuilder<'_>, fault: Reg) -> Self {
        Self {
            fault,
            pass: None,
            skip: u.ending(Op::EndSkip, fault.0),
            fail: u.ending(Op::EndFail, fault.0),
            error: u.ending(Op::EndError, fault.0),
            nothing: u.ending(Op::EndNone, 0),
        }
    }

    /// Passes, by the alternative of this number.
    pub(super) fn passes(&self, u: &mut UnitBuilder<'_>, alternative: u32) {
        match self.pass {
            Some(label) => u.jump(Op::Jump, 0, 0, label),
            None => u.emit(Op::EndPass, 0, 0, alternative),
        }
    }
}
