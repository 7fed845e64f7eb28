//! The one table of opcodes.
//!
//! A row is: documentation, variant, mnemonic, fuel, operands. The enum, the encoding, the verifier's metadata, the
//! disassembly and the documentation are made from it.
//!
//! Mnemonics are `noun.verb` or `verb.what`, the written register first:
//!
//! ```text
//!   path.load   r3, p12            load       what the operand names goes to the register
//!   jump.absent r3, L4             jump.COND  goes on at the label when the condition holds
//!   test.scalar r3, c7 else L4     test.WHAT  goes on at the label when the value does not satisfy the constant
//!   fault.new   r0, r3, s2         fault.DO   makes or changes the account of a failure
//!   end.pass                       end.HOW    ends the unit
//! ```
//!
//! No opcode is named after a policy kind or one of its fields.
//!
//! An instruction is one 8-byte word: opcode, `a` (a register), `b` (a register, a small number, or how far ahead the
//! `else` label is), `c` (an id, a number or a label).

/// What an operand means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Not used; must be zero
    None,
    /// A register that is written
    Def,
    /// A register that is read
    Use,
    /// A register that is read and written
    Mut,
    /// A number
    Imm,
    /// A register that is read, in `c`
    Reg,
    /// How many instructions ahead the `else` label is
    Else,
    /// An instruction of the same unit
    Label,
    /// A constant of any kind
    Const,
    /// A constant that is a scalar pattern
    Pattern,
    /// A constant that is a set of globs
    Globs,
    /// A constant that is a list of kind selectors
    Kinds,
    /// A constant that is a label selector
    Selector,
    /// A constant that is a list of glob pairs
    Pairs,
    /// A constant that is a plan of keys to expand
    Keys,
    /// A constant that is the bounds of a slice
    Bounds,
    /// A static path
    Path,
    /// A path whose values are counted
    Spot,
    /// A constant that is such a path and a scalar pattern
    Tested,
    /// A set of kinds of values
    KindSet,
    /// A key
    Sym,
    /// A failure site
    Site,
    /// A fact about the request
    Fact,
    /// A root of the expression context
    Root,
    /// A function
    Function,
    /// A comparison
    Compare,
    /// A condition operator
    Operator,
    /// A context entry
    Entry,
    /// A question to the host
    Ask,
}

macro_rules! ops {
    ($($(#[doc = $doc:literal])+ $name:ident $mnemonic:literal $fuel:literal ($a:ident, $b:ident, $c:ident);)*) => {
        /// An operation of the machine. See the [module](self) for the naming.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Op {
            $($(#[doc = $doc])+ $name,)*
        }

        /// A row of the op table.
        #[derive(Clone, Copy, Debug)]
        pub struct OpInfo {
            /// The operation
            pub op: Op,
            /// Its name in assembly
            pub mnemonic: &'static str,
            /// What it does, in one paragraph
            pub doc: &'static str,
            /// What running it costs
            pub fuel: u32,
            /// What `a`, `b` and `c` mean
            pub operands: [Operand; 3],
        }

        /// Every operation, in the order of its encoding.
        pub const OPS: &[OpInfo] = &[
            $(OpInfo {
                op: Op::$name,
                mnemonic: $mnemonic,
                doc: concat!($($doc),+),
                fuel: $fuel,
                operands: [Operand::$a, Operand::$b, Operand::$c],
            },)*
        ];

        impl Op {
            /// The operation of an encoded byte.
            pub fn from_byte(byte: u8) -> Option<Self> {
                OPS.get(usize::from(byte)).map(|info| info.op)
            }
        }
    };
}

ops! {
    /// Goes on at the label.
    Jump "jump" 1 (None, None, Label);
    /// Goes on at the label when the register holds no value.
    JumpAbsent "jump.absent" 1 (Use, None, Label);
    /// Goes on at the label when the register holds a value, `null` included.
    JumpPresent "jump.present" 1 (Use, None, Label);
    /// Goes on at the label when the register holds no value or `null`.
    JumpNull "jump.null" 1 (Use, None, Label);
    /// Goes on at the label when the register holds no map.
    JumpNotMap "jump.not.map" 1 (Use, None, Label);
    /// Goes on at the label when the register holds no list.
    JumpNotList "jump.not.list" 1 (Use, None, Label);
    /// Goes on at the label when the register holds a string.
    JumpText "jump.text" 1 (Use, None, Label);
    /// Goes on at the label when the register holds neither a list nor a map.
    JumpScalar "jump.scalar" 1 (Use, None, Label);
    /// Goes on at the label when the register holds `true`.
    JumpTrue "jump.true" 1 (Use, None, Label);
    /// Goes on at the label when the register does not hold `true`.
    JumpFalse "jump.false" 1 (Use, None, Label);
    /// Goes on at the label when the register holds what counts as false: nothing, `null`, `false`, and what is empty.
    JumpFalsy "jump.falsy" 1 (Use, None, Label);
    /// Goes on at the label when the register holds what does not count as false.
    JumpTruthy "jump.truthy" 1 (Use, None, Label);
    /// Goes on at the label when the register holds a fault.
    JumpFault "jump.fault" 1 (Use, None, Label);
    /// Goes on at the label when the fault in the register comes from an unknown key.
    JumpUnknown "jump.unknown" 1 (Use, None, Label);
    /// Goes on at the label when the fault in the register is that a key is present which must not be.
    JumpForbidden "jump.forbidden" 1 (Use, None, Label);
    /// Goes on at the label when the fault in the register has no path to report.
    JumpPathless "jump.pathless" 1 (Use, None, Label);
    /// Goes on at the label when a key that was marked was found in no map.
    JumpMissing "jump.missing" 1 (Use, None, Label);
    /// Goes on at the label when the register holds the number `b`.
    JumpCase "jump.case" 1 (Use, Imm, Label);
    /// Goes on at the label when the register holds the pattern `*`.
    JumpAny "jump.any" 1 (Use, None, Label);
    /// Loads the node at a static path of the object, or no value.
    PathLoad "path.load" 1 (Def, None, Path);
    /// Loads the member of a map under a key, or no value.
    FieldLoad "field.load" 1 (Def, Use, Sym);
    /// Loads the element of a list at the position `c`, or no value.
    IndexLoad "index.load" 1 (Def, Use, Imm);
    /// Loads a fact about the request.
    FactLoad "fact.load" 1 (Def, None, Fact);
    /// Loads a constant.
    ConstLoad "const.load" 1 (Def, None, Const);
    /// Loads a root of the expression context, or a fault where there is none.
    RootLoad "root.load" 1 (Def, None, Root);
    /// Looks up the members of a path, one after the other as key.get does, from a root of the expression context on.
    RootPath "root.path" 1 (Def, Root, Path);
    /// Copies a register.
    Move "move" 1 (Def, Use, None);
    /// Loads a boolean: whether `c` is not 0.
    BoolLoad "bool.load" 1 (Def, None, Imm);
    /// Loads no value.
    Clear "clear" 1 (Def, None, None);
    /// Looks up a member as an expression does: a fault where a map lacks the key, `null` where there is no map; a
    /// fault stays itself.
    KeyGet "key.get" 1 (Def, Use, Sym);
    /// As key.get, but `null` where a map lacks the key.
    KeyFind "key.find" 1 (Def, Use, Sym);
    /// Loads the element of a list at a signed position, counted from the end where it is negative; `null` where there
    /// is none. A fault stays itself.
    ElementGet "element.get" 1 (Def, Use, Imm);
    /// Takes a slice of a list; `c` names its three bounds. `null` where there is no list. A fault stays itself.
    SliceGet "slice.get" 2 (Def, Use, Bounds);
    /// Makes one list of a list's elements, those that are lists taken apart. `null` where there is no list. A fault stays
    /// itself.
    Flatten "flatten" 2 (Def, Use, None);
    /// Makes a list of as many nulls as a map has members, and their values. `null` where there is no map.
    ///
    /// Kyverno's JMESPath walks the nulls too.
    Values "values" 2 (Def, Use, None);
    /// Compares two values; a fault among them is the result. `b` is the left one, the right one is the register after.
    Compare "compare" 1 (Def, Use, Compare);
    /// Compares a value with a constant for equality; a fault is the result.
    EqualConst "equal.const" 1 (Def, Use, Const);
    /// Compares a value with a constant for inequality; a fault is the result.
    UnequalConst "unequal.const" 1 (Def, Use, Const);
    /// Loads whether a value counts as false: `null`, `false`, and what is empty.
    IsFalse "is.false" 1 (Def, Use, None);
    /// Makes `null` of a fault that is only an unknown key.
    Forgive "forgive" 1 (Mut, None, None);
    /// Makes `null` of any fault, but for one where Kyverno crashes.
    ForgiveAll "forgive.all" 1 (Mut, None, None);
    /// Starts to collect values.
    CollectInit "collect.init" 1 (Def, None, None);
    /// Collects a value, unless it is `null` and `c` is 0.
    Collect "collect" 1 (Use, None, Imm);
    /// Collects what key.find gives, unless it is `null`; it uses the register `b`.
    CollectKey "collect.key" 1 (Use, Def, Sym);
    /// Collects a constant.
    CollectConst "collect.const" 1 (None, None, Const);
    /// Makes a list of what was collected since `b` started.
    CollectList "collect.list" 1 (Def, Use, None);
    /// Makes a map of what was collected since `b` started, keys and values in turn.
    CollectMap "collect.map" 2 (Def, Use, None);
    /// Calls a function with `b` arguments, the first in `a`, which gets the result. A fault among them is the result.
    Call "call" 4 (Mut, Imm, Function);
    /// As call, where an argument is an expression: the register after the arguments has the list of what it gives for
    /// each element, faults included.
    CallBy "call.by" 4 (Mut, Imm, Function);
    /// Evaluates the expression in `b` on the value in `a`, which the result replaces, be it a fault; no value where `b` is
    /// no expression.
    RefCall "ref.call" 8 (Mut, Use, None);
    /// Starts to walk a list.
    IterInit "iter.init" 1 (Def, Use, None);
    /// Loads the next element of the walk in `b`, or goes on at the label after the last.
    IterNext "iter.next" 1 (Def, Mut, Label);
    /// Loads the position of the current element of the walk in `b`.
    IterIndex "iter.index" 1 (Def, Use, None);
    /// Loads how many elements the walk in `b` has yet to take.
    IterRest "iter.rest" 2 (Def, Use, None);
    /// Tests a value against a scalar pattern; a list satisfies it when each element does.
    TestScalar "test.scalar" 1 (Use, Else, Pattern);
    /// Makes a scalar pattern of a value: a string is read as one, other scalars stand for themselves. A fault stays.
    PatternMake "pattern.make" 4 (Def, Use, None);
    /// As test.scalar, with the pattern in the register `c`.
    TestMade "test.made" 1 (Use, Else, Reg);
    /// Tests that a string, or one string of a list, matches one glob of a set.
    TestAny "test.any" 1 (Use, Else, Globs);
    /// Tests the request's group, version, kind and subresource against a list of kind selectors.
    TestKind "test.kind" 1 (None, Else, Kinds);
    /// Tests labels against a label selector.
    TestSelector "test.selector" 2 (Use, Else, Selector);
    /// Tests that each pair of globs matches an entry of a string map.
    TestPairs "test.pairs" 2 (Use, Else, Pairs);
    /// Tests a key, in `a`, against a value, in the register after, with a condition operator.
    TestCondition "test.condition" 4 (Use, Else, Operator);
    /// Tests that a list has at least `c` elements.
    TestLength "test.length" 1 (Use, Else, Imm);
    /// Tests that the counts of the object can be asked: they are right, and nobody watches the run.
    CensusUse "census.use" 1 (None, Else, None);
    /// Tests that there is a value at a path that is counted.
    CensusMet "census.met" 1 (None, Else, Spot);
    /// Tests that every value at a path that is counted is of one of the kinds in `a`.
    CensusKinds "census.kinds" 1 (KindSet, Else, Spot);
    /// Tests that every map at the path above has the last key of a path that is counted.
    CensusEvery "census.every" 1 (None, Else, Spot);
    /// Tests every value at a path that is counted against a scalar pattern, as test.scalar does.
    CensusTest "census.test" 1 (None, Else, Tested);
    /// Sets up marks for the keys that must be met somewhere.
    MarkInit "mark.init" 1 (Def, None, None);
    /// Notes that the key numbered `c` was looked for and, when `b` holds a value, found.
    MarkKey "mark.key" 1 (Mut, Use, Imm);
    /// Expands the wildcards of keys against a map and puts them in order, for keys.next.
    KeysInit "keys.init" 2 (Def, Use, Keys);
    /// Takes the next key of an order in `b`: its number to `a`, its text to the register after, its value to the one
    /// after that. Goes on at the label after the last.
    KeysNext "keys.next" 1 (Def, Mut, Label);
    /// Makes the fault of a site about the value in `b`.
    FaultNew "fault.new" 1 (Def, Use, Site);
    /// Makes the fault in the register the cause of a missed condition; `c` says which kind.
    FaultWrap "fault.wrap" 1 (Mut, None, Imm);
    /// Adds the fault in `b` to the list of faults in `a`.
    FaultJoin "fault.join" 1 (Mut, Use, None);
    /// Joins `c` registers from `b` on to a text: strings as they are, other values as JSON. A fault among them is the result.
    TextJoin "text.join" 2 (Def, Use, Imm);
    /// Evaluates the variables in a text, as long as there are some, and takes the backslash from those that are escaped;
    /// only the latter where `b` is 0. `c` is where the text stands. A fault stays itself.
    TextEval "text.eval" 2 (Mut, Imm, Const);
    /// Hides the variables in a text from `text.eval`; a value that is no text and not `null` becomes a fault.
    TextEscape "text.escape" 2 (Mut, None, None);
    /// Evaluates the variables inside the texts of a list or map, which stands at `c`; all other values stay.
    TextScan "text.scan" 2 (Mut, None, Const);
    /// Explains a fault of an expression as Kyverno does for the variable that the site names.
    TextFault "text.fault" 1 (Mut, None, Site);
    /// Loads what a name of the context is bound to, or a fault where it is bound to nothing.
    NameGet "name.get" 1 (Def, None, Sym);
    /// Binds a name of the context.
    NameSet "name.set" 1 (Use, None, Sym);
    /// Says that a context entry is there to be loaded.
    EntryAdd "entry.add" 1 (None, None, Entry);
    /// Loads a context entry that was not looked at before: no value, or the fault that its unit ended with.
    EntryNeed "entry.need" 1 (Def, None, Entry);
    /// Loads a context entry again that was loaded before; where that fails, nothing changes.
    EntryAgain "entry.again" 1 (Def, None, Entry);
    /// Keeps the names and entries of now for `scope.reset` and `scope.leave`.
    ScopeEnter "scope.enter" 2 (None, None, None);
    /// Goes back to the names and entries that were kept.
    ScopeReset "scope.reset" 2 (None, None, None);
    /// Goes back to the names and entries that were kept, and forgets that they were.
    ScopeLeave "scope.leave" 2 (None, None, None);
    /// Makes float64 of all int64 in a value, as encoding it and decoding it again does.
    NumberFloat "number.float" 2 (Mut, None, None);
    /// Counts a value, as JSON, towards the size of the context; a fault where that gets too large. A fault stays itself.
    SizeCount "size.count" 2 (Mut, None, None);
    /// Asks the host; the question is replaced by the answer, or by a fault.
    HostAsk "host.ask" 8 (Mut, None, Ask);
    /// Hands a value, or a fault, to the host.
    HostTell "host.tell" 8 (Use, None, None);
    /// Evaluates an expression whose text is only known now, in `a`: of the context, or where `b` is 1 of the value in
    /// the register after.
    QueryEval "query.eval" 8 (Mut, Imm, None);
    /// Checks the value in `c` against the pattern in `b`: how it ends goes to `a`, the fault to the register after.
    MatchMade "match.made" 8 (Def, Use, Reg);
    /// Keeps the version of the object that changes, for `patch.end`.
    PatchBegin "patch.begin" 4 (None, None, None);
    /// Changes that object by the patch in the register, which gets whether there was anything to change, or a fault. Where
    /// bit 0 of `b` is set the patch is a text with a list of operations, otherwise it is merged; bit 1 says that it is a
    /// constant text.
    PatchApply "patch.apply" 8 (Mut, Imm, None);
    /// Loads whether that object is another one now than at the last `patch.begin`; if so, it is the object that expressions
    /// see from now on.
    PatchEnd "patch.end" 4 (Def, None, None);
    /// Ends: the rule holds; `c` is the number of the alternative that did.
    EndPass "end.pass" 1 (None, None, Imm);
    /// Ends: the rule does not apply, because of the fault.
    EndSkip "end.skip" 1 (Use, None, None);
    /// Ends: the rule is violated, because of the fault.
    EndFail "end.fail" 1 (Use, None, None);
    /// Ends: the rule could not be decided, because of the fault.
    EndError "end.error" 1 (Use, None, None);
    /// Ends: nothing is to be reported.
    EndNone "end.none" 1 (None, None, None);
    /// Ends with a value.
    EndValue "end.value" 1 (Use, None, None);
}

impl Op {
    /// The operation's row.
    #[inline]
    pub fn info(self) -> &'static OpInfo {
        // INVARIANT: the enum and the table are made from the same rows.
        static FALLBACK: OpInfo = OPS[0];
        OPS.get(self as usize).unwrap_or(&FALLBACK)
    }

    /// Whether code that starts with it is most likely an expression's.
    #[inline]
    pub fn is_expression(self) -> bool {
        use Op::{Call, CollectInit, ConstLoad, EntryNeed, KeyFind, KeyGet, NameGet, RootLoad, RootPath};
        matches!(self, RootPath | RootLoad | ConstLoad | NameGet | EntryNeed | KeyGet | KeyFind | CollectInit | Call)
    }

    /// Whether control never goes on at the next instruction.
    pub fn ends(self) -> bool {
        matches!(self, Op::Jump | Op::EndPass | Op::EndSkip | Op::EndFail | Op::EndError | Op::EndNone | Op::EndValue)
    }
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Instr {
    /// What to do
    pub op: Op,
    /// First operand
    pub a: u8,
    /// Second operand
    pub b: u16,
    /// Third operand
    pub c: u32,
}

const _: () = assert!(size_of::<Instr>() == 8);

/// The reference of all operations as Markdown, for the documentation.
pub fn reference() -> String {
    let mut out = String::from("| operation | operands | fuel | what it does |\n|---|---|---|---|\n");
    for info in OPS {
        let operands = ["a", "b", "c"].into_iter().zip(info.operands).filter(|(_, kind)| *kind != Operand::None);
        let operands: Vec<String> =
            operands.map(|(name, kind)| format!("{name} {}", format!("{kind:?}").to_lowercase())).collect();
        out.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            info.mnemonic,
            operands.join(", "),
            info.fuel,
            info.doc.trim()
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_order_of_the_encoding() {
        for (i, info) in OPS.iter().enumerate() {
            assert_eq!(info.op as usize, i);
            assert_eq!(Op::from_byte(u8::try_from(i).unwrap()), Some(info.op));
        }
    }

    #[test]
    fn mnemonics_are_unique() {
        let mut names: Vec<_> = OPS.iter().map(|i| i.mnemonic).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), OPS.len());
    }

    #[test]
    fn every_operation_is_documented() {
        assert!(OPS.iter().all(|i| i.doc.trim().ends_with('.')));
    }
}
