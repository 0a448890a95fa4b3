// SPDX-License-Identifier: Apache-2.0

// Package idptest tries the daemon with an OpenID provider of another hand. It
// is a module of its own: what the provider needs is no dependency of the daemon.
package idptest
