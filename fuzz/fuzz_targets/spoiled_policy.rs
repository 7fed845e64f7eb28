//! A policy with edits, on objects with edits.
#![no_main]

use kyvc::diag::Source;
use kyvc::engine::{CompileOptions, compile_sources};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((policies, manifests)) = kyvc_fuzz::spoiled(bytes) else { return };
    let compiled = compile_sources(&[Source::new("policy.yaml", policies)], CompileOptions::default());
    kyvc_fuzz::ask(&compiled.set, &Source::new("manifest.yaml", manifests));
});
