//! Another engine: `regorus` with its RVM, and five policies that say the same in both languages.

use super::{Failure, Tally, Worker, five_policies};
use kyvc::engine::{Engine, PolicySet, Request, Status};
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Rc, Value};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::Path;

const ENTRY: &str = "data.five.violated";

/// The other engine, ready to run.
pub(crate) struct Peer(RegoVM);

impl Peer {
    pub(crate) fn new() -> Result<Self, Failure> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/policies/five.rego");
        let mut engine = regorus::Engine::new();
        engine.add_policy("five.rego".to_owned(), std::fs::read_to_string(file)?)?;
        let entry: Rc<str> = ENTRY.into();
        let compiled = engine.compile_with_entrypoint(&entry)?;
        let mut vm = RegoVM::new();
        vm.load_program(Compiler::compile_from_policy(&compiled, &[ENTRY])?);
        Ok(Self(vm))
    }

    pub(crate) fn input(bytes: &[u8]) -> Result<Value, Failure> {
        Ok(Value::from_json_str(std::str::from_utf8(black_box(bytes))?)?)
    }

    pub(crate) fn check(&mut self, input: &Value) -> Option<Value> {
        self.0.set_input(black_box(input).clone());
        black_box(self.0.execute()).ok()
    }

    pub(crate) fn read_and_check(&mut self, bytes: &[u8]) {
        if let Ok(input) = Self::input(bytes) {
            black_box(self.check(&input));
        }
    }
}

/// The five policies, when both engines find the same in each of the objects.
pub(crate) fn five(objects: &[&[u8]]) -> Result<(PolicySet, Peer), Failure> {
    let (set, mut peer) = (five_policies()?, Peer::new()?);
    let mut found = 0;
    for bytes in objects {
        let doc =
            read_json(std::str::from_utf8(bytes)?, set.program().layout(), Buffers::default(), JsonOptions::default())?;
        let mut ours = BTreeSet::new();
        Engine::default().check(&set, &Request::create(&doc), |v| {
            if v.status == Status::Fail {
                let name = set.policy_of(v.rule).map_or("", |p| &p.name);
                ours.insert(name.trim_start_matches("baseline-").trim_start_matches("restricted-").to_owned());
            }
        });
        let theirs = peer.check(&Peer::input(bytes)?).ok_or("the other engine fails")?;
        let theirs: BTreeSet<String> = serde_json::from_str(&theirs.to_json_str()?)?;
        if ours != theirs {
            return Err(format!("the engines disagree: {ours:?} here, {theirs:?} there").into());
        }
        found += ours.len();
    }
    let mut worker = Worker::new(&set);
    let good: Tally = objects.first().map(|bytes| worker.flatten_and_check(bytes)).unwrap_or_default();
    if good.passed != 5 || found < 5 {
        return Err(format!("the five policies do not judge as expected: {good:?}, {found} found").into());
    }
    Ok((set, peer))
}
