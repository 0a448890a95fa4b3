// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/s2cd/s2cd/session"
)

// clientSecret is what is sealed of a sink whose tokens are fetched.
type clientSecret struct {
	ClientID string `json:"clientId"`
	TokenURI string `json:"tokenUri"`
}

// sealSink returns a sink without its secret, and that sealed for who owns the
// sink: the token itself, or how to get one. It is empty where the sink has no
// credential.
func sealSink(seal Sealer, sink session.Sink, owner string) (session.Sink, []byte, error) {
	secret := []byte(sink.Token)
	if sink.TokenURI != "" {
		var err error
		if secret, err = json.Marshal(clientSecret{ClientID: sink.ClientID, TokenURI: sink.TokenURI}); err != nil {
			return session.Sink{}, nil, fmt.Errorf("encode sink credential: %w", err)
		}
	}
	sealed := []byte{}
	if len(secret) > 0 {
		sealed = seal.Seal(secret, []byte(owner))
	}
	return withoutSecret(sink), sealed, nil
}

func withoutSecret(sink session.Sink) session.Sink {
	sink.Token, sink.ClientID, sink.TokenURI = "", "", ""
	return sink
}

// openSink is the reverse of sealSink. The type of the credential says what was
// sealed.
func openSink(seal Sealer, sink session.Sink, sealed []byte, owner string) (session.Sink, error) {
	if len(sealed) == 0 {
		return sink, nil
	}
	secret, err := seal.Open(sealed, []byte(owner))
	if err != nil {
		return session.Sink{}, fmt.Errorf("open sink token: %w", err)
	}
	if sink.CredentialType != session.PrivateKeyJWT {
		sink.Token = string(secret)
		return sink, nil
	}
	var c clientSecret
	if err := json.Unmarshal(secret, &c); err != nil {
		return session.Sink{}, fmt.Errorf("decode sink credential: %w", err)
	}
	sink.ClientID, sink.TokenURI = c.ClientID, c.TokenURI
	return sink, nil
}
