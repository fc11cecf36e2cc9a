package main

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// assignAddresses stands for a cloud's load balancer: each Service of type LoadBalancer without a class gets the first free address of a
// pool, or the one it asks for; kube-proxy answers there. It runs until it is killed.
func assignAddresses(args []string) error {
	flags := flag.NewFlagSet("lb", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "credentials")
	pool := flags.String("pool", "10.98.0.0/24", "addresses to give")
	if err := flags.Parse(args); err != nil {
		return err
	}
	prefix, err := netip.ParsePrefix(*pool)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 100, 200
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, time.Minute)
	informer := factory.Core().V1().Services().Informer()
	wake := make(chan struct{}, 1)
	notify := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { notify() },
		UpdateFunc: func(any, any) { notify() },
		DeleteFunc: func(any) { notify() },
	}); err != nil {
		return err
	}
	factory.Start(nil)
	if !cache.WaitForCacheSync(nil, informer.HasSynced) {
		return fmt.Errorf("lb: the Services could not be read")
	}
	// What was given, by Service: the informer may not have heard of it yet, and would give it a second time.
	given := map[types.UID]string{}
	for range wake {
		all := services(informer.GetStore().List())
		forget(given, all)
		for _, change := range assignments(all, prefix, given) {
			_, err := client.CoreV1().Services(change.Namespace).UpdateStatus(context.Background(), change, metav1.UpdateOptions{})
			if err != nil {
				fmt.Println("lb:", err)
				time.AfterFunc(200*time.Millisecond, notify)
				continue
			}
			delete(given, change.UID)
			for _, ingress := range change.Status.LoadBalancer.Ingress {
				given[change.UID] = ingress.IP
			}
		}
	}
	return nil
}

func services(objects []any) []*v1.Service {
	found := make([]*v1.Service, 0, len(objects))
	for _, object := range objects {
		found = append(found, object.(*v1.Service))
	}
	return found
}

func forget(given map[types.UID]string, all []*v1.Service) {
	present := map[types.UID]bool{}
	for _, service := range all {
		present[service.UID] = true
	}
	for uid := range given {
		if !present[uid] {
			delete(given, uid)
		}
	}
}

// assignments returns the Services whose status has to change.
func assignments(all []*v1.Service, pool netip.Prefix, given map[types.UID]string) []*v1.Service {
	taken := map[string]bool{}
	for _, address := range given {
		taken[address] = true
	}
	for _, service := range all {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			taken[ingress.IP] = true
		}
	}
	var changes []*v1.Service
	for _, service := range all {
		has := len(service.Status.LoadBalancer.Ingress) > 0
		if address := given[service.UID]; !has && address != "" && service.Spec.LoadBalancerIP == "" && service.Spec.Type == v1.ServiceTypeLoadBalancer {
			continue // The informer is behind.
		}
		wants := service.Spec.Type == v1.ServiceTypeLoadBalancer && service.Spec.LoadBalancerClass == nil
		asked := service.Spec.LoadBalancerIP
		if wants && has && (asked == "" || service.Status.LoadBalancer.Ingress[0].IP == asked) || !wants && !has {
			continue
		}
		change := service.DeepCopy()
		change.Status.LoadBalancer = v1.LoadBalancerStatus{}
		if wants {
			address := asked
			if !usable(asked, pool, taken) {
				if asked != "" {
					continue
				}
				address = firstFree(pool, taken)
			}
			if address == "" {
				continue
			}
			taken[address] = true
			change.Status.LoadBalancer.Ingress = []v1.LoadBalancerIngress{{IP: address}}
		} else if service.Spec.Type == v1.ServiceTypeLoadBalancer {
			continue // Of another class: not ours.
		}
		changes = append(changes, change)
	}
	return changes
}

func usable(address string, pool netip.Prefix, taken map[string]bool) bool {
	parsed, err := netip.ParseAddr(address)
	return err == nil && pool.Contains(parsed) && !taken[address]
}

func firstFree(pool netip.Prefix, taken map[string]bool) string {
	for address := pool.Addr().Next(); pool.Contains(address.Next()); address = address.Next() {
		if !taken[address.String()] {
			return address.String()
		}
	}
	return ""
}
