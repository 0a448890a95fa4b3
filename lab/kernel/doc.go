// SPDX-License-Identifier: Apache-2.0

// Package kernel gives the lab a Linux with VRF and MPLS and a root of its
// own: the machine's kernel in new namespaces where it can do both, and
// user-mode-linux where it cannot. Either way the same program runs as a
// child of the same PID 1 on a copy-on-write root, so that nothing is
// installed on, written to or left behind on the user's machine. It knows
// nothing of what the program does.
package kernel
