//! A payload that is read and verified is written and read again as the same program, and runs without a panic.
#![no_main]

use kyvc_fuzz::{BUDGET, POD, file_of};
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use kyvc_vm::file::{decode, encode};
use kyvc_vm::ids::UnitId;
use kyvc_vm::machine::{Input, Machine};
use kyvc_vm::selector::ResourceKind;
use kyvc_vm::verify::verify;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    let file = file_of(payload);
    let Ok((parts, section)) = decode(&file) else { return };
    let Ok(program) = verify(parts) else { return };
    // Numbers may be longer in the input than needed, so it is the second writing that has to agree.
    let written = encode(&program, section);
    let (parts, again) = decode(&written).expect("what was written is read");
    assert_eq!(section, again);
    let reread = verify(parts).expect("what was verified is verified");
    assert_eq!(encode(&reread, again), written);

    let Ok(doc) = read_json(POD, program.layout(), Buffers::default(), JsonOptions::default()) else { return };
    let Some(root) = doc.root() else { return };
    let documents = [&doc];
    let input = Input { documents: &documents, kind: ResourceKind::of("v1", "Pod"), root };
    let mut machine = Machine::new(BUDGET);
    machine.begin();
    machine.ready();
    for unit in 0..program.units().len().min(16) {
        let Ok(unit) = UnitId::new(unit) else { return };
        // A trap and a need are answers; only a panic is none.
        let _ = machine.run(&program, unit, &input);
    }
});
