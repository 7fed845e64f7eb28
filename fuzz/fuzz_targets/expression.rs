//! Expressions along the grammar, and chains that grow: each ends, within the budget of a run.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| kyvc_fuzz::expression(bytes));
