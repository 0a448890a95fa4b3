// SPDX-License-Identifier: Apache-2.0

// Package gateway is the agent of a Linux cloud gateway: it serves gNMI on the
// module s2cd-gateway, keeps the confirmed configuration, the fencing number
// and the tunnels' keys on disk, and has a Realiser make the kernel equal to
// the configuration. It decides nothing about sessions and never touches what
// it did not make. The data plane runs without it.
package gateway
