package karpenter

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// plan is a stack's plan: what pytest writes to the file.
type plan struct {
	// Objects are all manifests, each after what it depends on.
	Objects []unstructured.Unstructured `json:"objects"`
	Teams   []team                      `json:"teams"`
	// Gated is true where nodes join before their JARs are there, with a start-up taint.
	Gated bool `json:"gated"`
}

// team is a namespace, pods as its jobs have them, and what its pool is made of.
type team struct {
	Namespace string     `json:"namespace"`
	Pool      string     `json:"pool"`
	Executor  corev1.Pod `json:"executor"`
	Driver    corev1.Pod `json:"driver"`
	// Stranger is a pod of the team that tolerates nothing and selects nothing.
	Stranger corev1.Pod `json:"stranger"`
	// Ladder is the NodePools of the team's executors in the order that is promised.
	Ladder []rung `json:"ladder"`
	// Drivers is the NodePool of the team's drivers.
	Drivers string `json:"drivers"`
}

// rung is one NodePool and what it launches.
type rung struct {
	NodePool string `json:"nodePool"`
	Arch     string `json:"arch"`
	Capacity string `json:"capacity"`
}

func (r rung) String() string { return r.NodePool + " " + r.Arch + "/" + r.Capacity }

// applyPlan creates every object, strict about unknown fields, and waits until claims are bound
// and namespaces have their account.
func applyPlan(ctx context.Context, file string) (*plan, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := &plan{}
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(p.Teams) == 0 {
		return nil, fmt.Errorf("%s: no teams, so nothing to launch nodes for", file)
	}
	strict := client.WithFieldValidation(kube.Client, metav1.FieldValidationStrict)
	for i := range p.Objects {
		o := &p.Objects[i]
		if err := strict.Create(ctx, o.DeepCopy()); err != nil {
			return nil, fmt.Errorf("the API server refuses %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	for _, t := range p.Teams {
		if err := ready(ctx, t.Namespace); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func ready(ctx context.Context, namespace string) error {
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		account := kube.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "default"}, &corev1.ServiceAccount{})
		claims := &corev1.PersistentVolumeClaimList{}
		if err := kube.Client.List(ctx, claims, client.InNamespace(namespace)); err != nil {
			return err
		}
		bound := len(claims.Items) > 0
		for _, claim := range claims.Items {
			bound = bound && claim.Status.Phase == corev1.ClaimBound
		}
		if account == nil && bound {
			return nil
		}
	}
	return fmt.Errorf("namespace %s: no account or no bound claim within 60 s", namespace)
}
