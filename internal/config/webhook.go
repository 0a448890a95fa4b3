// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding/hex"
	"fmt"
	"net/netip"
)

func (l *loader) validateWebhook() {
	w := l.cfg.Webhook
	l.prefixes("webhook.allowPrefixes", w.AllowPrefixes)
	l.prefixes("webhook.denyPrefixes", w.DenyPrefixes)
	if w.OtherKeyFile != "" && w.KeyFile == "" {
		l.fault("webhook.otherKeyFile", "needs a keyFile that signs")
	}
	if w.KeyFile != "" && !w.PrivateKeyJWT {
		l.fault("webhook.keyFile", "signs nothing while privateKeyJwt is false")
	}
}

func (l *loader) prefixes(path string, list []netip.Prefix) {
	for i, p := range list {
		if p.IsValid() && p != p.Masked() {
			l.fault(fmt.Sprintf("%s[%d]", path, i), "has host bits set, meant %s?", p.Masked())
		}
	}
}

// keyFiles checks the secrets that notifications' keys are made from.
func (c *checker) keyFiles() {
	for path, file := range map[string]string{"webhook.keyFile": c.cfg.Webhook.KeyFile, "webhook.otherKeyFile": c.cfg.Webhook.OtherKeyFile} {
		if file == "" || !c.private(path, file) {
			continue
		}
		if _, err := readKey(file); err != nil {
			c.fault(path, "%s", plain(err))
		}
	}
}

// ReadKeys returns the secrets that the configuration names for notifications'
// keys, the one that signs first; none: they are the store's.
func (w Webhook) ReadKeys() ([][]byte, error) {
	var all [][]byte
	for _, file := range []string{w.KeyFile, w.OtherKeyFile} {
		if file == "" {
			continue
		}
		key, err := readKey(file)
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	return all, nil
}

// readKey reads a file of SealKeySize bytes in hex.
func readKey(file string) ([]byte, error) {
	text, err := readPrivate(file)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != SealKeySize {
		return nil, fmt.Errorf("%s does not hold %d hex digits", file, 2*SealKeySize)
	}
	return key, nil
}
