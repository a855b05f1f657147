// Command kubelet-codec speaks the kubelet's side of its credential provider protocol
// with the kubelet's own types and its strict decoder, as
// k8s.io/kubernetes/pkg/credentialprovider/plugin does.
//
//	kubelet-codec request IMAGE   writes a request
//	kubelet-codec response        decodes the response on standard input, and writes it as plain JSON
//	kubelet-codec config          decodes a CredentialProviderConfig on standard input, likewise
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	configv1 "k8s.io/kubelet/config/v1"
	"k8s.io/kubelet/pkg/apis/credentialprovider"
	"k8s.io/kubelet/pkg/apis/credentialprovider/install"
	"k8s.io/kubelet/pkg/apis/credentialprovider/v1"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kubelet-codec:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	if err := configv1.AddToScheme(scheme); err != nil {
		return err
	}
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	switch {
	case len(args) == 2 && args[0] == "request":
		info, ok := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), runtime.ContentTypeJSON)
		if !ok {
			return errors.New("no serializer for JSON")
		}
		encoder := codecs.EncoderForVersion(info.Serializer, v1.SchemeGroupVersion)
		return encoder.Encode(&credentialprovider.CredentialProviderRequest{Image: args[1]}, os.Stdout)
	case len(args) == 1 && args[0] == "response":
		object, err := decode(codecs.UniversalDecoder(credentialprovider.SchemeGroupVersion))
		if err != nil {
			return err
		}
		response, ok := object.(*credentialprovider.CredentialProviderResponse)
		if !ok {
			return fmt.Errorf("standard input is a %T", object)
		}
		return json.NewEncoder(os.Stdout).Encode(response)
	case len(args) == 1 && args[0] == "config":
		object, err := decode(codecs.UniversalDeserializer())
		if err != nil {
			return err
		}
		if _, ok := object.(*configv1.CredentialProviderConfig); !ok {
			return fmt.Errorf("standard input is a %T", object)
		}
		return json.NewEncoder(os.Stdout).Encode(object)
	}
	return errors.New("usage: kubelet-codec request IMAGE | response | config")
}

func decode(decoder runtime.Decoder) (runtime.Object, error) {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	object, _, err := decoder.Decode(input, nil, nil)
	return object, err
}
