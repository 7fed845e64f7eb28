//! Any text as a policy: diagnostics or code, never a panic. What compiles is saved, loaded and asked about the Pod.
#![no_main]

use kyvc::diag::Source;
use kyvc::engine::{CompileOptions, compile_sources, load, save};
use kyvc_fuzz::check_pod;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.yaml", text);
    let compiled = compile_sources(&[source], CompileOptions::default());
    if compiled.set.rules().is_empty() {
        return;
    }
    check_pod(&compiled.set);
    let saved = save(&compiled.set);
    let loaded = load(&saved).expect("what was compiled is loaded");
    assert_eq!(save(&loaded), saved);
});
