// SPDX-License-Identifier: Apache-2.0

package gnmi

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/s2cd/s2cd/southbound"
)

// maxMessage is how much of a device's message is kept, bytes.
const maxMessage = 400

// setKind sorts the failure of a Set; sent says whether the request began to
// go out.
func setKind(err error, sent bool) southbound.Kind {
	s := status.Convert(err)
	if !sent {
		return southbound.Unreachable
	}
	switch s.Code() {
	case codes.InvalidArgument, codes.AlreadyExists, codes.NotFound, codes.OutOfRange,
		codes.Unauthenticated, codes.DataLoss,
		codes.Aborted: // the device rolled the change back, it will again
		return southbound.Refused
	case codes.FailedPrecondition:
		if mentions(s.Message(), "commit") {
			return southbound.Busy
		}
		return southbound.Refused
	case codes.ResourceExhausted:
		if mentions(s.Message(), "message larger", "larger than max", "message size", "message too large", "message length") {
			return southbound.Refused // the same change is as large the next time
		}
		return southbound.Busy
	case codes.PermissionDenied:
		if mentions(s.Message(), "arbitration", "election", "master", "fence") {
			return southbound.Fenced
		}
		return southbound.Refused
	case codes.Unimplemented:
		return southbound.Unsupported
	case codes.OK, codes.Canceled, codes.Unknown, codes.DeadlineExceeded, codes.Internal, codes.Unavailable:
	}
	return southbound.InDoubt
}

// getKind sorts the failure of a Get: reading changes nothing, so nothing is
// in doubt.
func getKind(err error) southbound.Kind {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.OutOfRange, codes.FailedPrecondition,
		codes.PermissionDenied, codes.Unauthenticated:
		return southbound.Refused
	case codes.Unimplemented:
		return southbound.Unsupported
	case codes.Aborted:
		return southbound.Busy
	case codes.OK, codes.AlreadyExists, codes.Canceled, codes.DataLoss, codes.DeadlineExceeded,
		codes.Internal, codes.ResourceExhausted, codes.Unavailable, codes.Unknown:
	}
	return southbound.Unreachable
}

func mentions(message string, words ...string) bool {
	message = strings.ToLower(message)
	for _, w := range words {
		if strings.Contains(message, w) {
			return true
		}
	}
	return false
}

// brief turns a gRPC error into one that fits a log line and holds no secret
// of the request: servers quote whole bodies, the cause comes last.
func brief(err error, req *gpb.SetRequest) error {
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	message := redact(s.Message(), secretsIn(req))
	if len(message) > maxMessage {
		cut := len(message) - maxMessage
		for cut < len(message) && !utf8.RuneStart(message[cut]) {
			cut++
		}
		message = "… " + message[cut:]
	}
	if message == "" {
		return errors.New(s.Code().String())
	}
	return fmt.Errorf("%s: %s", s.Code(), message)
}
