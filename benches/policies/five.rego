# The five policies of `benches/support/regorus.rs` as an engine of Rego has them.
package five

import rego.v1

lists := ["containers", "initContainers", "ephemeralContainers"]

default_capabilities := {
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
	"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

violated contains "privileged-containers" if {
	some list in lists
	some container in input.spec[list]
	container.securityContext.privileged != false
}

violated contains "host-namespaces" if {
	some field in ["hostNetwork", "hostPID", "hostIPC"]
	input.spec[field] != false
}

violated contains "hostpath-volumes" if {
	some volume in input.spec.volumes
	volume.hostPath
}

violated contains "capabilities" if {
	some list in lists
	some container in input.spec[list]
	some capability in container.securityContext.capabilities.add
	not capability in default_capabilities
}

violated contains "run-as-non-root" if {
	input.spec.securityContext.runAsNonRoot == false
}

violated contains "run-as-non-root" if {
	some list in lists
	some container in input.spec[list]
	container.securityContext.runAsNonRoot == false
}

violated contains "run-as-non-root" if {
	not input.spec.securityContext.runAsNonRoot
	some list in lists
	some container in input.spec[list]
	not container.securityContext.runAsNonRoot
}
