// Command kubelet pulls credentials as the kubelet does, with the kubelet's own code:
// it loads the configuration and the plugin folder, as a kubelet does when it starts,
// and then looks up each image that it reads from standard input, a line each. For each
// it writes a line of JSON: the credentials in the order in which they are tried.
//
//	kubelet CONFIG BIN_DIR
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/kubernetes/pkg/credentialprovider/plugin"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: kubelet CONFIG BIN_DIR < IMAGES")
		os.Exit(2)
	}
	if err := plugin.RegisterCredentialProviderPlugins(os.Args[1], os.Args[2], nil, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := json.NewEncoder(os.Stdout)
	images := bufio.NewScanner(os.Stdin)
	for images.Scan() {
		// A keyring for each pull, as the kubelet has one for each; the cache is the plugin's.
		keyring := plugin.NewExternalCredentialProviderDockerKeyring("default", "pod", "uid", "")
		found, _ := keyring.Lookup(images.Text())
		credentials := []map[string]string{}
		for _, c := range found {
			credentials = append(credentials, map[string]string{"username": c.Username, "password": c.Password})
		}
		if err := out.Encode(credentials); err != nil {
			os.Exit(1)
		}
	}
}
