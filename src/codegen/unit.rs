//! One unit while it is made: labels, registers and places.

use super::{CodegenError, Linker};
use kyvc_vm::document::{Place, Sym};
use kyvc_vm::ids::{Pc, Reg, UnitId};
use kyvc_vm::op::{Instr, Op, Operand};
use kyvc_vm::program::{Const, Line, Site};
use kyvc_vm::verdict::Root;

/// A place in the code that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(usize);

/// The most registers that a unit may use; the verifier's bound is 256.
const REGISTERS: u16 = 250;

/// What makes a fault away from the straight line.
struct Stub {
    label: Label,
    fault: Reg,
    value: Reg,
    site: u32,
    then: Label,
    place: Place,
}

/// A unit in the making.
pub(super) struct UnitBuilder<'l> {
    pub(super) linker: &'l mut Linker,
    code: Vec<Instr>,
    /// Targets, by label.
    labels: Vec<Option<usize>>,
    /// Instructions whose label is to be filled in.
    fixups: Vec<(usize, Label)>,
    stubs: Vec<Stub>,
    /// Ends of the unit, put after all other code.
    tails: Vec<(Label, Op, u8)>,
    /// By instruction of the unit: others may be linked before it.
    lines: Vec<(usize, Place)>,
    place: Place,
    next: u16,
    most: u16,
    /// Registers that hold what is at a path below a root.
    paths: Vec<(Reg, Root, Vec<Sym>)>,
}

impl<'l> UnitBuilder<'l> {
    pub(super) fn new(linker: &'l mut Linker) -> Self {
        Self {
            linker,
            code: Vec::new(),
            labels: Vec::new(),
            fixups: Vec::new(),
            stubs: Vec::new(),
            tails: Vec::new(),
            lines: Vec::new(),
            place: Place::default(),
            next: 0,
            most: 0,
            paths: Vec::new(),
        }
    }

    /// Code from here on comes from this place of the policy.
    pub(super) fn at(&mut self, place: Place) {
        if place != self.place && place.line != 0 {
            self.place = place;
            let at = self.code.len();
            self.lines.retain(|l| l.0 != at);
            self.lines.push((at, place));
        }
    }

    /// A free register.
    pub(super) fn reg(&mut self) -> Result<Reg, CodegenError> {
        let r = u8::try_from(self.next).ok().filter(|_| self.next < REGISTERS).ok_or(CodegenError::Registers)?;
        self.next += 1;
        self.most = self.most.max(self.next);
        Ok(Reg(r))
    }

    /// Notes that a register holds what is at a path below a root, until [`forget_path`](Self::forget_path).
    pub(super) fn note_path(&mut self, r: Reg, root: Root, path: Vec<Sym>) {
        self.paths.push((r, root, path));
    }

    /// Forgets the path that was noted last.
    pub(super) fn forget_path(&mut self) {
        self.paths.pop();
    }

    /// The root and path of what a register holds, where they are known.
    pub(super) fn path_of(&self, r: Reg) -> Option<(Root, &[Sym])> {
        self.paths.iter().rfind(|p| p.0 == r).map(|(_, root, path)| (*root, path.as_slice()))
    }

    /// How many registers are in use; [`release`](Self::release) frees those taken since.
    pub(super) fn taken(&self) -> u16 {
        self.next
    }

    pub(super) fn release(&mut self, taken: u16) {
        self.next = taken;
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Puts a label here.
    pub(super) fn bind(&mut self, label: Label) {
        if let Some(slot) = self.labels.get_mut(label.0) {
            *slot = Some(self.code.len());
        }
    }

    pub(super) fn emit(&mut self, op: Op, a: u8, b: u16, c: u32) {
        self.code.push(Instr { op, a, b, c });
    }

    /// An instruction whose `c` is a label.
    pub(super) fn jump(&mut self, op: Op, a: u8, b: u16, to: Label) {
        self.fixups.push((self.code.len(), to));
        self.emit(op, a, b, 0);
    }

    /// A test whose `b` is the label to go on at when it does not hold.
    pub(super) fn test(&mut self, op: Op, a: u8, c: u32, otherwise: Label) {
        self.fixups.push((self.code.len(), otherwise));
        self.emit(op, a, 0, c);
    }

    pub(super) fn constant(&mut self, c: Const) -> Result<u32, CodegenError> {
        Ok(self.linker.constant(c)?.number())
    }

    /// A label at which a fault of this site about the value is made before the code goes on.
    pub(super) fn fault(&mut self, fault: Reg, value: Reg, site: Site, then: Label) -> Result<Label, CodegenError> {
        let site = self.linker.site(site)?.number();
        let label = self.label();
        self.stubs.push(Stub { label, fault, value, site, then, place: self.place });
        Ok(label)
    }

    /// A label at which the unit ends.
    pub(super) fn ending(&mut self, op: Op, a: u8) -> Label {
        if let Some((label, ..)) = self.tails.iter().find(|t| (t.1, t.2) == (op, a)) {
            return *label;
        }
        let label = self.label();
        self.tails.push((label, op, a));
        label
    }

    /// Resolves labels and adds the unit to the program.
    pub(super) fn finish(mut self, name: String) -> Result<UnitId, CodegenError> {
        for stub in std::mem::take(&mut self.stubs) {
            self.at(stub.place);
            self.bind(stub.label);
            self.emit(Op::FaultNew, stub.fault.0, u16::from(stub.value.0), stub.site);
            self.jump(Op::Jump, 0, 0, stub.then);
        }
        for (label, op, a) in std::mem::take(&mut self.tails) {
            if self.fixups.iter().any(|(_, to)| *to == label) {
                self.bind(label);
                self.emit(op, a, 0, 0);
            }
        }
        let base = self.linker.next_pc();
        for (at, label) in self.fixups {
            let target = self.labels.get(label.0).copied().flatten().unwrap_or(0);
            let Some(i) = self.code.get_mut(at) else { continue };
            if i.op.info().operands.contains(&Operand::Else) {
                let ahead = target.checked_sub(at + 1).ok_or(CodegenError::Jump)?;
                i.b = u16::try_from(ahead).map_err(|_| CodegenError::Jump)?;
            } else {
                i.c = Pc::new(base + target)?.number();
            }
        }
        let lines = self.lines.into_iter().map(|(at, place)| Ok(Line { pc: Pc::new(base + at)?, place }));
        let lines = lines.collect::<Result<_, CodegenError>>()?;
        self.linker.add(name, self.code, lines, self.most)
    }
}
