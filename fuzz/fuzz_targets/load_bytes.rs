//! Bytes from anywhere are loaded or refused, never a panic; a set that is loaded can be saved, loaded and asked.
#![no_main]

use kyvc::engine::{load, save};
use kyvc_fuzz::{check_pod, file_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = load(bytes);
    let Ok(set) = load(&file_of(bytes)) else { return };
    let saved = save(&set);
    let again = load(&saved).expect("what was saved is loaded");
    assert_eq!(save(&again), saved);
    check_pod(&set);
});
