// SPDX-License-Identifier: Apache-2.0

// Package provision makes devices hold what was decided. It computes the
// desired state of each device, has one executor a device that carries it out
// and reads it back, and moves sessions through their phases until they are
// proven active or proven gone. It speaks to devices only through southbound's
// ports and knows no protocol.
package provision
