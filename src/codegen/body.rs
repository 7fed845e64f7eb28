//! What a rule, or an element of a loop, is checked for.

use super::ends::Ends;
use super::pattern::{self, About};
use super::unit::UnitBuilder;
use super::{CodegenError, conditions, expr, foreach, mutate};
use crate::ir::Body;
use crate::ir::mutate::Mutation;
use kyvc_vm::document::Place;
use kyvc_vm::op::Op;
use kyvc_vm::pod_security::Schema;
use kyvc_vm::program::{Reason, Site};

/// Code for a check.
pub(super) fn generate(u: &mut UnitBuilder<'_>, body: &Body, about: About, ends: &Ends) -> Result<(), CodegenError> {
    match body {
        Body::Deny(c) => conditions::deny(u, c, ends),
        Body::Pattern(p) => pattern::generate(u, p, about, ends),
        Body::AnyPattern(ps) => pattern::generate_any(u, ps, about, ends),
        Body::ForEach(loops) => foreach::generate(u, loops, about, ends),
        Body::VerifyImages(v) => {
            // The host verifies; where the images are is only known then.
            u.linker.layout.want(&[], true);
            let taken = u.taken();
            let how = expr::generate(u, &v.how)?;
            u.emit(Op::HostTell, how.0, 0, 0);
            u.release(taken);
            ends.passes(u, 0);
            Ok(())
        }
        Body::Cleanup(c) => {
            if let Some(c) = c {
                conditions::of_cleanup(u, c, ends)?;
            }
            ends.passes(u, 0);
            Ok(())
        }
        Body::Generate(_) | Body::Manifests(_) => {
            ends.passes(u, 0);
            Ok(())
        }
        Body::PodSecurity(_) => {
            // The host checks the object.
            Schema::want(&mut u.linker.layout, true);
            ends.passes(u, 0);
            Ok(())
        }
        Body::Mutate(m) => match &**m {
            Mutation::Own(change) => {
                // What a patch needs of the object is only known when it is applied. It hardly ever is the API server's notes.
                u.linker.layout.want_most(&[]);
                mutate::whole(u, change, ends)
            }
            Mutation::Targets(_) => {
                ends.passes(u, 0);
                Ok(())
            }
        },
        Body::Broken(text) => {
            let text = format!("variable substitution failed: {text}").into();
            let site = Site { reason: Reason::Said, path: [].into(), text, place: Place::default() };
            let site = u.linker.site(site)?.number();
            u.emit(Op::FaultNew, ends.fault.0, u16::from(ends.fault.0), site);
            u.jump(Op::Jump, 0, 0, ends.error);
            Ok(())
        }
    }
}
